"""What tests of Amparo and of its plug-ins build on: hostile files, decoders that fail."""
