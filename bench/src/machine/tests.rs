use super::*;

#[test]
fn results_name_the_kernel_and_not_its_build() {
    assert_eq!(kernel_version("6.12.9-somebodys-build-17\n"), "6.12");
    assert_eq!(kernel_version(""), "");
}
