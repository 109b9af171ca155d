"""What customers say: scores of surveys, who answers, what drives them, who is called back."""
