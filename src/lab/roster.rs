//! The roster of Northwind Robotics: name, department, title, kind, groups.

pub(super) type Row = (&'static str, &'static str, &'static str, &'static str, &'static [&'static str]);

const ENG: &[&str] = &["engineering"];
const ONCALL: &[&str] = &["engineering", "platform-oncall"];
const PROD: &[&str] = &["engineering", "k8s-prod-eu-member"];
const SEES_PROD: &[&str] = &["k8s-prod-eu-viewer"];
const STAGING: &[&str] = &["engineering", "k8s-staging-member"];
const FIN: &[&str] = &["finance"];
const FIELD: &[&str] = &["contractors-field"];

/// From Okta.
pub(super) const EMPLOYEES: &[Row] = &[
    ("Ada Lindqvist", "Platform", "Head of Platform", "Employee", &["castai-owners", "engineering"]),
    (
        "Tomás Herrera",
        "Platform",
        "Principal Engineer",
        "Employee",
        &["castai-owners", "engineering", "platform-oncall"],
    ),
    ("Mei Tanaka", "Platform", "Site Reliability Engineer", "Employee", ONCALL),
    ("Jonas Weber", "Platform", "Site Reliability Engineer", "Employee", ONCALL),
    ("Priya Raman", "Platform", "Site Reliability Engineer", "Employee", ONCALL),
    ("Žofia Kowalczyk", "Platform", "Platform Engineer", "Employee", PROD),
    ("Samuel Okafor", "Platform", "Platform Engineer", "Employee", PROD),
    ("Léa Fontaine", "Platform", "Platform Engineer", "Employee", PROD),
    ("Viktor Ås", "Platform", "Platform Intern", "Intern", STAGING),
    ("Hana Novák", "Navigation", "Staff Engineer", "Employee", PROD),
    ("Daniel Mbeki", "Navigation", "Software Engineer", "Employee", ENG),
    ("Ingrid Sørensen", "Navigation", "Software Engineer", "Employee", ENG),
    ("Rafael Costa", "Navigation", "Software Engineer", "Employee", STAGING),
    ("Yuki Mori", "Navigation", "Software Engineer", "Employee", STAGING),
    ("Noah Adler", "Perception", "Engineering Manager", "Employee", &["engineering", "k8s-prod-eu-viewer"]),
    ("Chiara Romano", "Perception", "Research Engineer", "Employee", ENG),
    ("Arjun Desai", "Perception", "Research Engineer", "Employee", ENG),
    ("Freya Nilsen", "Perception", "Data Engineer", "Employee", ENG),
    ("Olumide Bello", "Perception", "Research Intern", "Intern", ENG),
    ("Katarzyna Wójcik", "Robot Lab", "Lab Lead", "Employee", ENG),
    ("Mateo Silva", "Robot Lab", "Robotics Engineer", "Employee", ENG),
    ("Anneke de-Vries", "Robot Lab", "Robotics Engineer", "Employee", &[]),
    ("Bao Nguyen", "Robot Lab", "Lab Technician", "Employee", &[]),
    ("Lucy Hart", "Robot Lab", "Lab Intern", "Intern", &[]),
    ("Margaret Chen", "Finance", "Chief Financial Officer", "Employee", FIN),
    ("Pavel Dvořák", "Finance", "Cloud Cost Analyst", "Employee", FIN),
    ("Amira Haddad", "Finance", "Accountant", "Employee", FIN),
    ("Owen Price", "Finance", "Finance Intern", "Intern", FIN),
    ("Sofia Lombardi", "Security", "Security Lead", "Employee", SEES_PROD),
    ("Kwame Asante", "Security", "Security Engineer", "Employee", SEES_PROD),
    ("Elena Petrova", "Product", "Head of Product", "Employee", SEES_PROD),
    ("Liam Byrne", "Product", "Product Manager", "Employee", &[]),
    ("Grace Kim", "People", "People Partner", "Employee", &[]),
    ("Henrik Olsen", "Support", "Support Engineer", "Employee", SEES_PROD),
];

/// From the partner's Entra.
pub(super) const CONTRACTORS: &[Row] = &[
    ("Nadia Karim", "Field Service", "Field Engineer", "Contractor", FIELD),
    ("Piotr Zieliński", "Field Service", "Field Engineer", "Contractor", FIELD),
    ("Joy Young", "Field Service", "Field Engineer", "Contractor", FIELD),
    ("Marco Bianchi", "Field Service", "Installer", "Contractor", FIELD),
    ("Tessa Vogel", "Field Service", "Installer", "Contractor", FIELD),
    ("Ravi Iyer", "Field Service", "Account Manager", "Contractor", &[]),
];
