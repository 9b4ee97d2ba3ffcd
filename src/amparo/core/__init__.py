"""Words that all of Amparo shares: errors, problems of single files, settings."""
