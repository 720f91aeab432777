"""Step Functions: our engine and its API."""
