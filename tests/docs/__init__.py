"""What is written for people says what the code does."""
