"""What manifests ask for, in values and words that several formats share."""
