"""What crosses the network: models that the API and its clients share."""
