"""Project sites: any file a county office has, read without questions into one frame in the plan's working CRS."""
