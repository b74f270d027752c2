"""Dictionary encoding: terms as dense integers, and files read into and written from them."""
