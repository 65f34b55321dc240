"""What a description is made of: its entropy coder, its layout pictures, its sketch and its motion."""
