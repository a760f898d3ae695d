"""The course units that come with this package."""
