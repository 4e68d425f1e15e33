"""What is set: contests, exams, time blocks, problems and their statements, and who staffs them."""
