"""What arrives, as it arrived: raw records and their versions, rows by the day, what the CRM was seen to hold."""
