"""Mixwright: what would revenue have been, had we spent differently?"""
