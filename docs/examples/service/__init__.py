"""A small service around the lifecycle: FastAPI over SQLite."""
