/**
 * A self-signed certificate for localhost and 127.0.0.1, valid from 2025 to 2055. Its key is published with this
 * package, so it protects nothing: it is for tests only.
 */
export const testCertificate = `\
-----BEGIN CERTIFICATE-----
MIIBiTCCAS+gAwIBAgIBATAKBggqhkjOPQQDAjAUMRIwEAYDVQQDDAlsb2NhbGhv
c3QwIBcNMjUwMTAxMDAwMDAwWhgPMjA1NTAxMDEwMDAwMDBaMBQxEjAQBgNVBAMM
CWxvY2FsaG9zdDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABPh+VD/48F45+5Rq
xkjw/Yp9OTWfn3mgCnj+L/4jU+F3G/g5Upg2Pcmz+cG2cu6GcaR1LRBh1AO0TQ2Q
dIB98/GjcDBuMBoGA1UdEQQTMBGCCWxvY2FsaG9zdIcEfwAAATAPBgNVHRMBAf8E
BTADAQH/MAsGA1UdDwQEAwIChDATBgNVHSUEDDAKBggrBgEFBQcDATAdBgNVHQ4E
FgQUd46cPjrYyjL2EnP60DsCBLx9zGwwCgYIKoZIzj0EAwIDSAAwRQIgLR0WJrAz
CXfHLRGarR4FOOuqYBSVKazGwqmb4hBJs0ICIQDRuK+v8Uz1Ph0hVIr+57DiVHfu
UvTF83H2YI7ji3b4Dg==
-----END CERTIFICATE-----
`;

/** The key of `testCertificate`. Public, for tests only. */
export const testCertificateKey = `\
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg+Ad0ZOpmDN/8oj6n
WXVLTVYNuXY9JPA3FKJDetvGYVihRANCAAT4flQ/+PBeOfuUasZI8P2KfTk1n595
oAp4/i/+I1Phdxv4OVKYNj3Js/nBtnLuhnGkdS0QYdQDtE0NkHSAffPx
-----END PRIVATE KEY-----
`;
