"""Which account a decision is about now: decisions keep the account_id under which they were taken."""

from __future__ import annotations

ACCOUNT_NOW = """
SELECT own.account_id AS decided_for, COALESCE(once.merged_into, own.merged_into, own.account_id) AS account_id
FROM account_ids own LEFT JOIN account_ids once ON once.account_id = own.merged_into"""
"""Every account id ever minted and the account that stands for it today, as the view account_links follows merges."""
