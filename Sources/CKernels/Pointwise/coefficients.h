// Polynomial coefficients, lowest degree first. Written by Scripts/pointwise_coefficients.py.
#ifndef ADJ_POINTWISE_COEFFICIENTS_H
#define ADJ_POINTWISE_COEFFICIENTS_H

// exp(r) = 1 + r + r^2 P(r); error 2^-28.1
static const float f32_EXP[5] = {
    0x1.0000000000000p-1f, 0x1.55548a0000000p-3f, 0x1.5554e40000000p-5f, 0x1.123e4c0000000p-7f,
    0x1.6d51680000000p-10f,
};
// exp(r) = 1 + r + r^2 P(r); error 2^-58.0
static const double f64_EXP[10] = {
    0x1.000000000000cp-1, 0x1.555555555555cp-3, 0x1.555555554fdd8p-5, 0x1.111111110e9dep-7,
    0x1.6c16c18616ed7p-10, 0x1.a01a01b455d91p-13, 0x1.a0199584f4af5p-16, 0x1.71ddee3ecd7a3p-19,
    0x1.28b12fe550e4bp-22, 0x1.af6ee586ebd03p-26,
};
// expm1(r) = r + r^2 P(r); error 2^-31.0
static const float f32_EXPM1[6] = {
    0x1.0000000000000p-1f, 0x1.5555560000000p-3f, 0x1.5554f00000000p-5f, 0x1.110fe20000000p-7f,
    0x1.6d438c0000000p-10f, 0x1.a28f220000000p-13f,
};
// expm1(r) = r + r^2 P(r); error 2^-61.7
static const double f64_EXPM1[11] = {
    0x1.0000000000000p-1, 0x1.5555555555559p-3, 0x1.5555555555557p-5, 0x1.111111110f642p-7,
    0x1.6c16c16c15773p-10, 0x1.a01a01b00fcc5p-13, 0x1.a01a01ab1a225p-16, 0x1.71ddf7e787cabp-19,
    0x1.27e4d12ff642bp-22, 0x1.af5f7e056c165p-26, 0x1.1f840ab1f87fcp-29,
};
// 2^r = 1 + r P(r); error 2^-28.2
static const float f32_EXP2[6] = {
    0x1.62e4300000000p-1f, 0x1.ebfbe00000000p-3f, 0x1.c6af720000000p-5f, 0x1.3b2a480000000p-7f,
    0x1.5f0df80000000p-10f, 0x1.4424c80000000p-13f,
};
// 2^r = 1 + r P(r); error 2^-59.4
static const double f64_EXP2[12] = {
    0x1.62e42fefa39efp-1, 0x1.ebfbdff82c58fp-3, 0x1.c6b08d704a183p-5, 0x1.3b2ab6fba4d80p-7,
    0x1.5d87fe7888bacp-10, 0x1.430912f8a92f4p-13, 0x1.ffcbfcdb83190p-17, 0x1.62c02163cfad9p-20,
    0x1.b52422db6abeap-24, 0x1.e4d1feea03d6ep-28, 0x1.eafd7764e33c4p-32, 0x1.c0e7b60119791p-36,
};
// log((1 + s) / (1 - s)) = 2 s + s z P(z), z = s^2; error 2^-58.4
static const double f64_LOG_S[7] = {
    0x1.5555555555595p-1, 0x1.999999997f26cp-2, 0x1.249249427c47dp-2, 0x1.c71c51a26870dp-3,
    0x1.746652b1500b2p-3, 0x1.399fd376aebe3p-3, 0x1.2f17efa94bb3cp-3,
};
// log(1 + f) = f - f^2 / 2 + f^3 P(f); error 2^-30.1
static const float f32_LOG_F[9] = {
    0x1.5555460000000p-2f, -0x1.00000a0000000p-2f, 0x1.99a5580000000p-3f, -0x1.555b060000000p-3f,
    0x1.232ab00000000p-3f, -0x1.fc42720000000p-4f, 0x1.e7c4e80000000p-4f, -0x1.ddcc960000000p-4f,
    0x1.1201440000000p-4f,
};
// log((1 + s) / (1 - s)) = 2 s + 2/3 s^3 + s^5 P(z), z = s^2; error 2^-42.6
static const float f32_LOG_POW[4] = {
    0x1.9999980000000p-2f, 0x1.2493ac0000000p-2f, 0x1.c644a40000000p-3f, 0x1.8fee1a0000000p-3f,
};
// log((1 + s) / (1 - s)) = 2 s + 2/3 s^3 + s^5 P(z), z = s^2; error 2^-75.5
static const double f64_LOG_POW[9] = {
    0x1.999999999999ap-2, 0x1.2492492492388p-2, 0x1.c71c71c73f467p-3, 0x1.745d17323be2fp-3,
    0x1.3b13b7d38ec23p-3, 0x1.110fad4ee3482p-3, 0x1.e23ffb220c134p-4, 0x1.a7a367b15a3d6p-4,
    0x1.d96397b82a07ep-4,
};
// sin r = r + r^3 P(z), z = r^2, |r| < pi/4; error 2^-27.8
static const float f32_SIN[3] = {
    -0x1.5555440000000p-3f, 0x1.1106e20000000p-7f, -0x1.992ae00000000p-13f,
};
// sin r = r + r^3 P(z), z = r^2, |r| < pi/4; error 2^-57.9
static const double f64_SIN[6] = {
    -0x1.5555555555548p-3, 0x1.111111110f746p-7, -0x1.a01a019bed8efp-13, 0x1.71de355a08061p-19,
    -0x1.ae5e4fef1869bp-26, 0x1.5d8cc22f00f7cp-33,
};
// cos r = 1 - z/2 + z^2 P(z), z = r^2, |r| < pi/4; error 2^-33.1
static const float f32_COS[3] = {
    0x1.55554a0000000p-5f, -0x1.6c0c2c0000000p-10f, 0x1.99e9cc0000000p-16f,
};
// cos r = 1 - z/2 + z^2 P(z), z = r^2, |r| < pi/4; error 2^-64.1
static const double f64_COS[6] = {
    0x1.555555555554bp-5, -0x1.6c16c16c1503cp-10, 0x1.a01a019c94e22p-16, -0x1.27e4f7f665b3ap-22,
    0x1.1ee9df48e1db5p-29, -0x1.8fa85587540a2p-37,
};
// asin x = x + x^3 P(z), z = x^2 <= 1/4; error 2^-31.7
static const float f32_ASIN[6] = {
    0x1.55554c0000000p-3f, 0x1.3338980000000p-4f, 0x1.6cac0e0000000p-5f, 0x1.04a2000000000p-5f,
    0x1.d86a280000000p-7f, 0x1.3385960000000p-5f,
};
// asin x = x + x^3 P(z), z = x^2 <= 1/4; error 2^-59.8
static const double f64_ASIN[13] = {
    0x1.5555555555577p-3, 0x1.333333332e210p-4, 0x1.6db6db72028b6p-5, 0x1.f1c71a9c1b17dp-6,
    0x1.6e8bde0160737p-6, 0x1.1c4a00f13a1aap-6, 0x1.ca1df1df12a78p-7, 0x1.7592f53f16688p-7,
    0x1.60f08c8100624p-7, 0x1.ea75faba3ae50p-9, 0x1.623e584be5d59p-6, -0x1.5610548a49ef3p-6,
    0x1.0aada7a3922bbp-5,
};
// atan t = t + t^3 P(z), |t| <= 7/16; error 2^-29.5
static const float f32_ATAN[5] = {
    -0x1.5555400000000p-2f, 0x1.998d480000000p-3f, -0x1.2365180000000p-3f, 0x1.ad60a60000000p-4f,
    -0x1.db53080000000p-5f,
};
// atan t = t + t^3 P(z), |t| <= 7/16; error 2^-57.6
static const double f64_ATAN[11] = {
    -0x1.5555555555505p-2, 0x1.999999998dd30p-3, -0x1.2492491fbbbc4p-3, 0x1.c71c6fc8dcf07p-4,
    -0x1.745cd9e581409p-4, 0x1.3b0f05ad1c2cdp-4, -0x1.10d4fb69b7d06p-4, 0x1.ddd0be21d4688p-5,
    -0x1.976dc01bf4a9ep-5, 0x1.2aa7021c8afd6p-5, -0x1.09a69e54d625dp-6,
};
// sinh x = x + x^3 P(z), |x| <= 1; error 2^-31.4
static const float f32_SINH[4] = {
    0x1.5555560000000p-3f, 0x1.1110ea0000000p-7f, 0x1.a01c1e0000000p-13f, 0x1.76785c0000000p-19f,
};
// sinh x = x + x^3 P(z), |x| <= 1; error 2^-62.6
static const double f64_SINH[8] = {
    0x1.5555555555555p-3, 0x1.111111111117dp-7, 0x1.a01a01a00d84bp-13, 0x1.71de3a60dedbep-19,
    0x1.ae644af73da24p-26, 0x1.612ae24c178e4p-33, 0x1.aaa38718dafc7p-41, 0x1.434e8ac16d044p-48,
};
// tanh x = x + x^3 P(z), |x| <= 5/8; error 2^-32.4
static const float f32_TANH[6] = {
    -0x1.5555540000000p-2f, 0x1.11107a0000000p-3f, -0x1.b9f18c0000000p-5f, 0x1.63a5ba0000000p-6f,
    -0x1.0c622e0000000p-7f, 0x1.1a39480000000p-9f,
};
// tanh x = x + x^3 P(z), |x| <= 5/8; error 2^-60.9
static const double f64_TANH[12] = {
    -0x1.5555555555551p-2, 0x1.1111111110b69p-3, -0x1.ba1ba1b9c78ebp-5, 0x1.664f486ef527bp-6,
    -0x1.226e329de4aecp-7, 0x1.d6d3535d372b3p-9, -0x1.7d9be2ae5bd3cp-10, 0x1.35090e7c703cdp-11,
    -0x1.f0f96fde7dfecp-13, 0x1.7fc560df623d7p-14, -0x1.f97ab3f264731p-16, 0x1.93d7f5fe64d40p-18,
};
// asinh x = x + x^3 P(z), |x| <= 1/2; error 2^-33.9
static const float f32_ASINH[6] = {
    -0x1.5555540000000p-3f, 0x1.3332380000000p-4f, -0x1.6d7e4a0000000p-5f, 0x1.ec09240000000p-6f,
    -0x1.4859d40000000p-6f, 0x1.2ee74a0000000p-7f,
};
// asinh x = x + x^3 P(z), |x| <= 1/2; error 2^-60.3
static const double f64_ASINH[12] = {
    -0x1.555555555553fp-3, 0x1.333333333042ap-4, -0x1.6db6db6b88a72p-5, 0x1.f1c71ba0d9c6ap-6,
    -0x1.6e8b8bdfa4940p-6, 0x1.1c4d248e5b263p-6, -0x1.c97219dfda955p-7, 0x1.793cc6b7482c7p-7,
    -0x1.3854c9949a05ep-7, 0x1.e8d2bb6776710p-8, -0x1.3675b1cff479ep-8, 0x1.c09741f4429a5p-10,
};
// atanh x = x + x^3 P(z), |x| <= 1/2; error 2^-29.4
static const float f32_ATANH[6] = {
    0x1.5555400000000p-2f, 0x1.99a65e0000000p-3f, 0x1.23503c0000000p-3f, 0x1.e3ccb80000000p-4f,
    0x1.a85c2c0000000p-5f, 0x1.68a32e0000000p-3f,
};
// atanh x = x + x^3 P(z), |x| <= 1/2; error 2^-60.9
static const double f64_ATANH[14] = {
    0x1.555555555554cp-2, 0x1.999999999b342p-3, 0x1.24924923cab52p-3, 0x1.c71c72297eea5p-4,
    0x1.745d08e41c0d6p-4, 0x1.3b150d0d05773p-4, 0x1.10fab7a1ac2f3p-4, 0x1.e3e52fe99419ep-5,
    0x1.9ea79be57ee00p-5, 0x1.e66a9013e5bd7p-5, -0x1.32c45ead1b777p-8, 0x1.633e3b95fd682p-3,
    -0x1.8d9f2c4e7c25cp-3, 0x1.eb730a0c393a2p-3,
};
// erf x = x + x P(z), |x| <= 1; error 2^-29.5
static const float f32_ERF[7] = {
    0x1.06eba80000000p-3f, -0x1.8127400000000p-2f, 0x1.ce2d500000000p-4f, -0x1.b7fe8a0000000p-6f,
    0x1.542da40000000p-8f, -0x1.a5063c0000000p-11f, 0x1.4c22a00000000p-14f,
};
// erf x = x + x P(z), |x| <= 1; error 2^-56.2
static const double f64_ERF[13] = {
    0x1.06eba8214db69p-3, -0x1.812746b0379fdp-2, 0x1.ce2f21a04362bp-4, -0x1.b82ce312abdf4p-6,
    0x1.565bcd1295830p-8, -0x1.c02db49a3e497p-11, 0x1.f9a3351db9dfap-14, -0x1.f4d331467d73ap-17,
    0x1.b9ee75c84e1d2p-20, -0x1.5f97066aa5872p-23, 0x1.fc6bc7b4292a8p-27, -0x1.464ec4a740908p-30,
    0x1.28ff50a2ca563p-34,
};
// erfc(x) exp(x^2) = u P(u), u = 1 / (x + 3), x >= 1/2; error 2^-29.7
static const float f32_ERFCX[10] = {
    0x1.20d52c0000000p-1f, 0x1.b26ce80000000p+0f, 0x1.2a4e300000000p+2f, 0x1.e20d5c0000000p+3f,
    0x1.14c6220000000p+2f, 0x1.08554a0000000p+8f, -0x1.a61c340000000p+9f, 0x1.911bce0000000p+11f,
    -0x1.4bbf200000000p+12f, 0x1.7882240000000p+11f,
};
// erfc(x) exp(x^2) = u P(u), u = 1 / (x + 3), x >= 1/2; error 2^-58.9
static const double f64_ERFCX[22] = {
    0x1.20dd75041fbd8p-1, 0x1.b14c2f8ad68e4p+0, 0x1.32eb4bd705bf5p+2, 0x1.96377d0785dcdp+3,
    0x1.ee396713f26eep+4, 0x1.0d2b1eb3bb886p+6, 0x1.f12770e2d65b8p+6, 0x1.6567d45b45101p+7,
    -0x1.d6a9b1fa91064p+4, 0x1.ee7ba401b22dfp+9, -0x1.0a54b1b16f0f9p+14, 0x1.fd608e1170691p+16,
    -0x1.cba467f791973p+19, 0x1.4a838c8c366eap+22, -0x1.79c4e14187b98p+24, 0x1.5843fa0fd0e0ep+26,
    -0x1.e3e30a658fe77p+27, 0x1.f87a3180f3af4p+28, -0x1.7707bc7c9ead8p+29, 0x1.77f66da625c46p+29,
    -0x1.c89a343c8863dp+28, 0x1.fcffa6fbcbf51p+26,
};
// m^(-1/3) = P(m - 1), sqrt(1/2) <= m <= sqrt(2); error 2^-11.8
static const float f32_CBRT[4] = {
    0x1.ffe3220000000p-1f, -0x1.56c92e0000000p-2f, 0x1.e6cd520000000p-3f, -0x1.4302040000000p-3f,
};
// m^(-1/3) = P(m - 1), sqrt(1/2) <= m <= sqrt(2); error 2^-17.2
static const double f64_CBRT[6] = {
    0x1.00003edb9f948p+0, -0x1.5541674c716bbp-2, 0x1.c5dda70cd3f46p-3, -0x1.68516b7c74439p-3,
    0x1.485d0d8a77b11p-3, -0x1.b7ab5ba16d185p-4,
};
// sin(pi r) = r P(r^2), |r| <= 1/2; error 2^-52.9
static const double f64_SINPI[10] = {
    0x1.921fb54442d18p+1, -0x1.4abbce625be32p+2, 0x1.466bc677598f9p+1, -0x1.32d2cce59d222p-1,
    0x1.5078343ae05abp-4, -0x1.e3071ef8999e5p-8, 0x1.e8e1726a6fa6fp-12, -0x1.6b6696e6b65a1p-16,
    0x1.336abb6185f8bp-22, 0x1.b2d98738b885ep-22,
};
// cos(pi r) = P(r^2), |r| <= 1/4; error 2^-61.2
static const double f64_COSPI[8] = {
    0x1.0000000000000p+0, -0x1.3bd3cc9be45dep+2, 0x1.03c1f081b5a65p+2, -0x1.55d3c7e3c2d8cp+0,
    0x1.e1f5067b09128p-3, -0x1.a6d1e6b973b78p-6, 0x1.f9c8452069fb1p-10, -0x1.b14cf24b8f51dp-14,
};
// lgamma(2 + e) = e P(e), |e| <= 1/2; error 2^-57.4
static const double f64_LGAMMA[19] = {
    0x1.b0ee6072093cep-2, 0x1.4a34cc4a60fa7p-2, -0x1.13e001a5575b3p-4, 0x1.51322ac7d7c7ap-6,
    -0x1.e404fc21a5906p-8, 0x1.7add6eaea5f93p-9, -0x1.38ac5c216164dp-10, 0x1.0b36af1b13264p-11,
    -0x1.d3fd51d6fde47p-13, 0x1.a127e67d3192dp-14, -0x1.78dd952954e5fp-15, 0x1.5805d32b4ffb4p-16,
    -0x1.3cccd695edd49p-17, 0x1.265111146a9ebp-18, -0x1.1108a3967932ap-19, 0x1.ecd60560c6714p-21,
    -0x1.e4ee53d45e889p-22, 0x1.2d4e30db094fcp-22, -0x1.f3528b4b2b85ap-24,
};
// digamma(x) = (x - root) P(x - 1.5), 1 <= x <= 2; error 2^-53.8
static const double f64_DIGAMMA[22] = {
    0x1.e6f0cbb873617p-1, -0x1.b1cb63005ee98p-2, 0x1.eca189b8e6b54p-3, -0x1.2feeeb98a7955p-3,
    0x1.8512e59076728p-4, -0x1.fb44202a1d61ep-5, 0x1.4de9a9fdd6653p-5, -0x1.b9f8b11d1ed9cp-6,
    0x1.256477474c61dp-6, -0x1.863563d5265efp-7, 0x1.03bfe34a1999dp-7, -0x1.5a06a7a6dcb7cp-8,
    0x1.cd43091524bfbp-9, -0x1.336db2680c8cbp-9, 0x1.97dda69cd0d7ep-10, -0x1.0fb3710c4507cp-10,
    0x1.7c7dd59c1bd95p-11, -0x1.fd962f6b7acd7p-12, 0x1.d37923efef818p-13, -0x1.2f7e1e8649271p-13,
    0x1.13cb5d35d3da3p-12, -0x1.75f325ff8f51fp-13,
};
// erfinv(x) = x P(w - 3), w = -log(1 - x^2) <= 6; error 2^-52.5
static const double f64_ERFINV_A[23] = {
    0x1.9fa072ed72dbbp+0, 0x1.eedbebdce7401p-3, -0x1.780def1d3ef89p-8, -0x1.b6666b153bb7fp-11,
    0x1.9912c04a35e57p-13, -0x1.aab13d1054a83p-17, -0x1.d539ca05989e0p-20, 0x1.e32b0b5066774p-22,
    -0x1.96f82207ac795p-26, -0x1.77b3439600a86p-28, 0x1.315583e718ae3p-30, -0x1.1481407d6c20fp-35,
    -0x1.30da9933897afp-36, 0x1.7c3b14e1a2dcap-39, 0x1.c3a1d756edee4p-48, -0x1.e171fb74c58afp-45,
    0x1.c8140b5bf9c38p-48, 0x1.86a1f9131826cp-52, -0x1.750ecd4b40f34p-53, 0x1.20ae189aaf0d7p-57,
    0x1.2831171e51ba2p-59, -0x1.8ac27653a1badp-63, -0x1.689734e7d4cf9p-67,
};
// erfinv(x) = x P(sqrt(w) - 3.25), 6 <= w <= 16; error 2^-50.1
static const double f64_ERFINV_B[19] = {
    0x1.8abcc380d5a47p+1, 0x1.0158a6d641d1cp+0, 0x1.5ffcfe5b905c1p-8, -0x1.ebadabb75042ep-9,
    0x1.468eec9b272cep-9, -0x1.ba924172e9f8ap-10, 0x1.f3cc589cbc808p-11, -0x1.74489d464f1eep-12,
    0x1.932971fa2c15fp-16, 0x1.1e673d376371ap-14, -0x1.8ce66a135ebbcp-15, 0x1.a2b6cc5093cd5p-17,
    0x1.86beac7436b77p-19, -0x1.0dcc36151fd0dp-18, 0x1.9912f86e280a4p-20, 0x1.a9c360e748127p-26,
    -0x1.3cba0f0217f37p-22, 0x1.7a0b7078b0febp-24, 0x1.5440b06e823a8p-27,
};
// erfinv(x) = x P(sqrt(w) - 5), w >= 16; error 2^-53.0
static const double f64_ERFINV_C[19] = {
    0x1.3664ddd1ad7fbp+2, 0x1.02a30d1fba10ep+0, -0x1.22ea5df1c40cep-13, -0x1.c2f36aa299f36p-13,
    0x1.3ebf4ef45e9ccp-14, -0x1.4a348fa04491bp-16, 0x1.2fbd03288f00ap-18, -0x1.0a908073fe8d3p-20,
    0x1.ebdf1536b053dp-23, -0x1.2224b8be8ee61p-24, 0x1.f2eb6e5e2437cp-26, -0x1.06236d86ec780p-26,
    0x1.0b69b0bec1cebp-27, -0x1.dc9f83a350f5fp-29, 0x1.74552008d7eddp-30, -0x1.e3236f02d4d3bp-32,
    0x1.af7c56b33af40p-35, 0x1.7cad1b03c5724p-35, -0x1.17291a624fbc4p-36,
};

// The positive root of digamma, in two parts.
#define DIGAMMA_ROOT 0x1.762d86356be3fp+0
#define DIGAMMA_ROOT_LOW 0x1.b86a722197829p-54

#endif
