"""What people do about it: playbooks, tasks, handoffs to sales, and the words in which they read them."""
