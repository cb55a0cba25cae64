"""The small networks behind the embedded assets that no library already loads."""
