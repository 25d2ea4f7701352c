"""The commands of app.py: one file per subject."""
