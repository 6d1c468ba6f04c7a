"""An Amazon SES on this machine, for people without an AWS account: the real boto3 talks HTTP to it."""
