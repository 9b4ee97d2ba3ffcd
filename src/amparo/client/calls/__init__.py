"""What can be asked of Amparo, by what it is about; `amparo.client.Amparo` puts it together."""
