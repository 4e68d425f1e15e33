"""What a rehearsal is judged by: plain arithmetic on what the crowd and the database say."""
