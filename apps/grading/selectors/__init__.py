"""What the pages of grading and results read: named, each in a fixed number of queries."""
