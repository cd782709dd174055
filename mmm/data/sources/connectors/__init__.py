"""The exports of advertising platforms, site analytics and shops that are recognised by their headings."""
