"""Pictures of runs. Each view shows a picture, and says the same finding in a sentence computed from the data."""
