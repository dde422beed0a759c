"""What everybody gets without a reason: regular touches, audiences, success plans."""
