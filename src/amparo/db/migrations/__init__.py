"""How a database comes from one version of Amparo to the next: forward only."""
