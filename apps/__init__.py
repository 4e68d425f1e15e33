"""The four apps and the domain-free core; they depend one way: grading, submissions, access, exams, core."""
