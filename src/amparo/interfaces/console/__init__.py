"""The console: pages for the people who run Amparo and decide."""
