"""The pages of the app, one script each; what they share is in `atlas.ui`."""
