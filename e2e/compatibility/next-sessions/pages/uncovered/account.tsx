/** The same page without proxy. */
export { default, getServerSideProps } from '../account';
