"""What outlives the process: files written, read, damaged, lost and found again."""
