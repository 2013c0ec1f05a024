"""The app in a real Chromium, as a planner meets it."""
