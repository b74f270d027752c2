"""Terms as numbers: files and graphs read into them, and written out of them."""
