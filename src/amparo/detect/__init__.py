"""Technology: recognise known and suspect content in what is uploaded."""
