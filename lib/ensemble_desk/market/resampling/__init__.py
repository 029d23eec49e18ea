"""Finer bars put together to coarser ones, by rule or by the sessions of an exchange."""
