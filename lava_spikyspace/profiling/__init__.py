"""What a run did, process by process."""
