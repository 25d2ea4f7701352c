"""What is on the screen: one file, one page; pages only lay out."""
