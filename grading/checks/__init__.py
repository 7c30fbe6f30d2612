"""What a submission is held to: one module for each lab, one function for each property."""
