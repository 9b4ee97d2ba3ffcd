"""What somebody tells the platform about content comes in; an answer in time goes out."""
