"""What comes back: bounces, complaints, deliveries; what they mean for a letter and for an address."""
