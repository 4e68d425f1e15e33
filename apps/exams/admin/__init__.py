"""The console's pages of exams."""
