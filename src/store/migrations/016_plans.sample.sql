INSERT INTO mapping_plans VALUES ('org_06h00000000000000000000000', 'pln_06h00000000000000000000000', 'operator', 1000000, 'digest', 'taken', '[]', NULL);
