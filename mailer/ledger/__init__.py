"""The truth about who got which issue: a row for every (mailing, subscriber), unique."""
