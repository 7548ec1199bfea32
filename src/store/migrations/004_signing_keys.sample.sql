INSERT INTO signing_keys VALUES ('kid-2', 'sealed', 2000000, NULL, 3000000, 1);
