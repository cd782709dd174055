"""Tables, repositories, encryption, audit chain, migrations."""
