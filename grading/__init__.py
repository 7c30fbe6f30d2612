"""The instructor's tools. Nothing in here is copied to students."""
